using System.Text;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Games.Outbox.Batching;

/// <summary>Statements at the end of a batch of EF Core.</summary>
internal sealed class BatchStatements(StringBuilder sql, IRelationalCommandBuilder command)
{
    private int _count;

    public bool Any => _count > 0;

    /// <param name="statement">It ends with a semicolon, and each of its parameters is written @{0}_name.</param>
    /// <param name="parameters">Theirs, by name.</param>
    public void Add(CompositeFormat statement, params ReadOnlySpan<(string Name, NpgsqlDbType Type, object? Value)> parameters)
    {
        var prefix = $"s{_count++}";
        sql.AppendFormat(null, statement, prefix).AppendLine();

        foreach (var (name, type, value) in parameters)
        {
            var parameter = new NpgsqlParameter($"{prefix}_{name}", type) { Value = value ?? DBNull.Value };
            command.AddRawParameter(parameter.ParameterName, parameter);
        }
    }
}

/// <summary>Has statements to add to the batch that inserts rows of the outbox, so that they share its transaction and its round trip.</summary>
internal interface IBesideOutboxRows
{
    /// <summary>Adds what belongs to this row; statements that return nothing.</summary>
    void Append(OutboxMessage row, BatchStatements statements);
}
