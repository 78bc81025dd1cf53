-- What became of the work of each queue, month by month, and how long it waited.
SELECT
    substr(day, 1, 7) AS month,
    queue_id,
    channel,
    count(*) AS visits,
    sum(coalesce(handled_count, 0)) AS handled,
    sum(coalesce(abandoned_count, 0)) AS abandoned,
    sum(coalesce(cancelled_count, 0)) AS cancelled,
    sum(coalesce(overflow_count, 0)) AS overflowed,
    round(1e2 * sum(coalesce(handled_count, 0)) / count(*), 1) AS handled_percentage,
    round(avg(waited_ms) / 1e3, 1) AS average_wait_seconds,
    round(max(waited_ms) / 1e3, 1) AS longest_wait_seconds
FROM facts
WHERE dataset = 'queue_performance'
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
