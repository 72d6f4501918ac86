# SCENARIOS T11, T19: raised for good, and asked for again each time.
account tcp expires 60 method register interval 3600
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 423 min-expires 600
expect asked-expires 600
expect register none
reply 200 lease 500
expect granted 500
expect register within 225s..275s
reply 200 lease 400
expect asked-expires 600
