# SCENARIOS T19: each grant is shorter; scheduled from it, never asked for it.
account tcp ponging expires 3600
come-up 600s
expect register within 270s..330s
reply 200 lease 599
expect asked-expires 3600
expect register within 269s..330s
reply 200 lease 300
expect asked-expires 3600
expect register within 135s..165s
reply 200 lease 30
expect register within 13.5s..16.5s
reply 200 lease 3
expect asked-expires 3600
expect register within 5s..5s
reply 200 lease 3600
expect granted 3600
expect registered yes
