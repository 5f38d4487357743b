# Run once by the image, when it has made the primary's data: lets a standby in. The rule "all" of the image is not for replication.
echo 'host replication games all scram-sha-256' >> "$PGDATA/pg_hba.conf"
