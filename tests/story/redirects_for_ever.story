# SCENARIOS T11: two hosts that send us to each other: one redirect a round.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 302 redirect
expect redirect
resolved 1
expect open
connected
expect register none
reply 302 redirect
expect reason rejected
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register none
reply 302 redirect
expect redirect
resolved 1
expect open
connected
expect register none
reply 302 redirect
expect resolve within 60s..120s
expect registers 4
