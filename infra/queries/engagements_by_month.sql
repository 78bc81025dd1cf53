-- How engagements ended, month by month and flow by flow, and how long they lived.
SELECT
    substr(day, 1, 7) AS month,
    flow_id,
    channel,
    end_reason,
    count(*) AS engagements,
    sum(coalesce(transfer_count, 0)) AS transfers,
    round(avg(first_accept_ms) / 1e3, 1) AS average_seconds_to_accept,
    round(avg(duration_ms) / 1e3, 1) AS average_seconds_to_end
FROM facts
WHERE dataset = 'engagement'
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
