-- How long each agent had which status, month by month, and how much of the time when ready he was occupied.
SELECT
    substr(day, 1, 7) AS month,
    agent_id,
    round(sum(coalesce(ready_ms, 0)) / 3.6e6, 2) AS ready_hours,
    round(sum(coalesce(not_ready_ms, 0)) / 3.6e6, 2) AS not_ready_hours,
    round(sum(coalesce(occupied_ms, 0)) / 3.6e6, 2) AS occupied_hours,
    round(1e2 * sum(coalesce(occupied_ms, 0)) / nullif(sum(coalesce(ready_ms, 0)), 0), 1) AS occupied_percentage
FROM facts
WHERE dataset = 'agent_status_history'
GROUP BY 1, 2
ORDER BY 1, 2
