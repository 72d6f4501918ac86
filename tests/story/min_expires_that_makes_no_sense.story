# A 423 that names nothing larger, or names it again, is a rejection.
account tcp expires 600
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 423 min-expires 300
expect state wait
expect reason interval-too-brief
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register
reply 423
expect reason interval-too-brief
expect resolve within 60s..120s
resolved 1
expect open
connected
expect register
# again and again: once a round
reply 423 min-expires 700
expect register
reply 423 min-expires 800
expect state wait
