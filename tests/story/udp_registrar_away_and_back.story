# Silence longer than an interval, then a sign of life: REGISTER at once, the
# registrar may have lost its memory.
account udp expires 600
come-up 600s
expect options within 0..1s
options-answer
expect options within 20s..25s
expect register within 3.5s..3.5s
expect reason flow-lost
expect next register
pass 32s
expect reason no-answer
expect state wait
pass 20s
options-answer
expect register within 1ms..250ms
reply 200 lease 600
expect registered yes
expect flow proven
