# At most once in 10 s, but what comes too early shortens the wait to that.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
reply 500
local-event
expect resolve within 1ms..250ms
resolved 1
expect open
connected
expect register
reply 500
local-event
expect resolve within 9.7s..10s
