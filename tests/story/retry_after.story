# SCENARIOS T11: never earlier than asked, at most a fifth later; a 503 holds
# the edge.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 503 retry-after 100
expect hold
expect reason retry-after
expect state wait
# no local event ends it
local-event
expect resolve within 100s..120s
resolved 1
expect open
connected
expect register
reply 480 retry-after 20
expect reason retry-after
expect resolve within 20s..24s
resolved 1
expect open
connected
expect register
# nobody is believed for longer than an hour
reply 500 retry-after 100000
expect resolve within 3600s..4320s
resolved 1
expect open
connected
expect register
