let statementLevels = """
    -- The levels of a home's months up to this statement's, for the next month's: `month:permille`, oldest first, with
    -- commas. Null under rules that pay no savings.
    ALTER TABLE statement ADD COLUMN levels TEXT;
    """
