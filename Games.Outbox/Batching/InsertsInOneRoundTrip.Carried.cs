using Games.Outbox.Capture;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Games.Outbox.Batching;

#pragma warning disable EF1001 // As in the other half.
internal sealed partial class InsertsInOneRoundTrip
{
    private sealed partial class Batch
    {
        private OutboxMessage[] _carried = [];

        partial void AppendCarried(DbContext context, BatchStatements statements, ref OutboxMessage[] carried)
        {
            if (!OutboxSession.TryFind(context, out var session) || session.Carried is not { Length: > 0 } rows || OutboxInsert.For(context) is not { } insert)
                return;

            foreach (var row in rows)
                insert.AppendTo(statements, row);
            carried = _carried = rows;
        }

        protected override void Consume(RelationalDataReader reader)
        {
            base.Consume(reader);

            foreach (var row in _carried)
            {
                reader.DbDataReader.Read();
                row.SequenceNumber = reader.DbDataReader.GetInt64(0);
                reader.DbDataReader.NextResult();
            }
        }

        protected override async Task ConsumeAsync(RelationalDataReader reader, CancellationToken cancellationToken = default)
        {
            await base.ConsumeAsync(reader, cancellationToken);

            foreach (var row in _carried)
            {
                await reader.DbDataReader.ReadAsync(cancellationToken);
                row.SequenceNumber = reader.DbDataReader.GetInt64(0);
                await reader.DbDataReader.NextResultAsync(cancellationToken);
            }
        }
    }
}
#pragma warning restore EF1001
