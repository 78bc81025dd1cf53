-- The hundred closed engagements that waited longest.
SELECT
    engagement_id,
    ended_at,
    flow_id,
    queues,
    agents,
    end_reason,
    round(waited_ms / 1e3, 1) AS waited_seconds,
    round(duration_ms / 1e3, 1) AS duration_seconds
FROM facts
WHERE dataset = 'engagement' AND waited_ms IS NOT NULL
ORDER BY waited_ms DESC, engagement_id
LIMIT 100
