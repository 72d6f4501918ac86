# SCENARIOS T19: a registrar that grants `expires - 1` of what it is asked. Who
# asks for what was granted goes down to nothing; we ask for what is configured.
account tcp ponging expires 100
come-up 99s
expect register within 44.5s..54.5s
expect asked-expires 100
reply 200 lease 99
expect register within 44.5s..54.5s
reply 200 lease 99
expect asked-expires 100
expect granted 99
expect register within 44.5s..54.5s
expect asked-expires 100
# and one less each time, of its own last grant
reply 200 lease 98
expect register within 44.1s..54s
reply 200 lease 97
expect register within 43.6s..53.4s
expect asked-expires 100
reply 200 lease 96
expect asked-expires 100
expect registered yes
