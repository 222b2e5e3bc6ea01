"""The road from requests to samples: the journal, the runner, the latency probe."""
