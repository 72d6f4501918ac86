# SCENARIOS T11: a 503 or a 302 where there are other addresses: on to them,
# each once, then the back-off. A 503 that names a time holds that edge.
account tcp
start
expect resolve
resolved 3
expect open
connected
expect register
reply 503 retry-after 3600
expect hold
expect open
connected
expect register
reply 302
expect open
connected
expect register
reply 503
expect state wait
expect resolve within 30s..60s
