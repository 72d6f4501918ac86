# SCENARIOS T7: proof before punishment.
account tcp interval 30
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 600
expect crlf within 0..1s
expect options within 1s..1s
options-answer
expect flow proven
pass 15s
expect flow proven
expect crlf within 7s..16s
expect options within 1s..1s
options-answer
expect flow proven
