-- What each agent did with what was offered, month by month, and how long that took.
SELECT
    substr(day, 1, 7) AS month,
    agent_id,
    sum(coalesce(offered_count, 0)) AS offered,
    sum(coalesce(handled_count, 0)) AS handled,
    sum(coalesce(refused_count, 0)) AS refused,
    sum(coalesce(missed_count, 0)) AS missed,
    sum(coalesce(transferred_count, 0)) AS transferred,
    round(sum(coalesce(handled_ms, 0)) / 3.6e6, 2) AS handled_hours,
    round(sum(coalesce(parked_ms, 0)) / 3.6e6, 2) AS parked_hours,
    round(sum(coalesce(wrapped_ms, 0)) / 3.6e6, 2) AS wrap_up_hours
FROM facts
WHERE dataset = 'agent_performance'
GROUP BY 1, 2
ORDER BY 1, 2
