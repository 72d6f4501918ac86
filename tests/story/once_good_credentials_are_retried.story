# SCENARIOS T10: the provider's authentication breaks down for hours.
account tcp ponging expires 100
come-up 100s
expect register reused within 45s..55s
# the first 401 after a reused nonce never counts
reply 401
expect register fresh
reply 401
expect register fresh
reply 401
expect state held
expect reason credentials
# still bound, so the flow is kept; one try each after 5, 10, 20 ... 60 min
expect registered yes
expect register none within 300s..300s
reply 401
expect register fresh
reply 401
expect state held
expect resolve within 600s..600s
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 401
expect resolve within 1200s..1200s
resolve-failed
expect resolve within 4s..16s
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 401
expect resolve within 2400s..2400s
resolved 1
expect open
connected
expect register none
reply 403
expect resolve within 3600s..3600s
resolved 1
expect open
connected
expect register none
reply 403
expect resolve within 3600s..3600s
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 200 lease 300
expect registered yes
expect reason unproven
