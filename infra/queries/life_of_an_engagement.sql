-- All that is known of one engagement; its id is the parameter, in quotation marks.
SELECT
    ended_at,
    version,
    dataset,
    queue_id,
    agent_id,
    waited_ms,
    rang_ms,
    handled_ms,
    parked_ms,
    wrapped_ms,
    end_reason,
    duration_ms
FROM facts
WHERE engagement_id = ?
ORDER BY version, dataset
