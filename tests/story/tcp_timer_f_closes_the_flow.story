# A first REGISTER without an answer in 32 s: the connection is no good.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
expect close within 32s..32s
expect reason no-answer
expect resolve within 30s..60s
