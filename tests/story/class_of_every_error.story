# SCENARIOS T11: nothing is permanent but credentials and configuration.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 420
expect register none
# a second one has nothing left to change
reply 420
expect reason rejected
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register none
reply 408
expect reason no-answer
expect resolve within 60s..120s
resolved 1
expect open
connected
expect register none
reply 503
expect reason rejected
expect resolve within 120s..240s
resolved 1
expect open
connected
expect register none
reply 400
expect resolve within 240s..480s
resolved 1
expect open
connected
expect register none
reply 603
expect resolve within 480s..960s
resolved 1
expect open
connected
expect register none
reply 200 lease 300
expect registered yes
