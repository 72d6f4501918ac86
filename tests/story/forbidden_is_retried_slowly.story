# SCENARIOS T11: a 403 is not for ever, 5, 10, 20 ... 60 minutes.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 403
expect state held
expect reason forbidden
expect resolve within 300s..300s
resolved 1
expect open
connected
expect register none
reply 403
expect resolve within 600s..600s
