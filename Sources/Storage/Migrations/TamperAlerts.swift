let tamperAlerts = """
    -- A month's use is nobody's proof of saving where its meter said that it was tampered with.
    CREATE INDEX alert_tamper ON alert (community_id, at) WHERE code IN ('tamper', 'removed') AND is_current = 1;
    """
