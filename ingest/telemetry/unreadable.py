"""A row of telemetry that cannot be read: the reader says why, and whoever reads it knows the file and the row."""


class UnreadableRowError(ValueError):
    """Why a row cannot be used, in words that end a sentence: `row 12: End 'x' is no date`."""
