let statementFigureColumns = """
    -- What later statements ask of earlier ones; null in statements stored before these columns.
    ALTER TABLE statement ADD COLUMN litres INTEGER;
    ALTER TABLE statement ADD COLUMN missing_hours INTEGER;
    ALTER TABLE statement ADD COLUMN bill_fen INTEGER;
    ALTER TABLE statement ADD COLUMN percentile INTEGER;
    ALTER TABLE statement ADD COLUMN points INTEGER;
    """
