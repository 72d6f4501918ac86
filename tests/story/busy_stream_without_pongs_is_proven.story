# SCENARIOS T7: a registrar that never pongs, and sends requests all the time.
# They are life, but no answer: the OPTIONS is sent all the same, or the flow
# would never be proven and each loss wait longer than the one before.
account tcp interval 30
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 600
expect crlf within 0..1s
pass 500ms
traffic
expect options within 500ms..500ms
traffic
expect nothing for 9s
traffic
expect nothing for 3s
options-answer
expect flow proven

# one that answers nothing at all does not die while requests come
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
pass 8s
traffic
pass 8s
traffic
expect flow up
pass 9s
expect registered yes
expect flow up
pass 1s
expect flow none
