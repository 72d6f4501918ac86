# SCENARIOS T11: 302 to anywhere else is a refusal; the next edge, else a wait.
account tcp
start
expect resolve
resolved 2
expect open
connected
expect register none
reply 302
expect open
expect address 1
connected
expect register none
reply 302
expect reason rejected
expect resolve within 30s..60s
