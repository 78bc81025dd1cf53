-- How much work was started again after its end, and how much of it within a day.
SELECT
    substr(day, 1, 7) AS month,
    flow_id,
    sum(coalesce(repeated_count, 0)) AS repeated,
    sum(coalesce(reopened_count, 0)) AS reopened
FROM facts
WHERE dataset = 'repeat'
GROUP BY 1, 2
ORDER BY 1, 2
