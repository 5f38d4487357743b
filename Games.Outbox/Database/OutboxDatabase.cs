using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Outbox.Database;

/// <summary>Runs the outbox's statements on the application's database. Each is one round trip and one implicit transaction.</summary>
internal sealed class OutboxDatabase<TDbContext>(IServiceScopeFactory scopes, OutboxSettings<TDbContext> settings)
    where TDbContext : DbContext
{
    // Not in a static: two applications in one process may have the tables in two schemas.
    private OutboxTable? _table;

    /// <summary>This process, as the rows that it has leased name it in LockId.</summary>
    public Guid Owner { get; init; } = Guid.CreateVersion7();

    /// <summary>The names of the model's tables.</summary>
    public OutboxTable TableOf(DbContext context) => _table ??= new(context.Model, context.GetService<ISqlGenerationHelper>());

    /// <summary>
    /// What to do about a table or a column that the statement did not find, because no migration has made it; null for any other failure. It is no
    /// outage, and no later try mends it.
    /// </summary>
    public string? WhatIsMissing(Exception failure)
    {
        var undefined = failure.GetBaseException() as PostgresException;
        var missing = undefined?.SqlState switch
        {
            PostgresErrorCodes.UndefinedTable => $"table {_table?.NamedIn(undefined.MessageText)} is missing",
            PostgresErrorCodes.UndefinedColumn => $"a column is missing ({undefined.MessageText})",
            _ => null,
        };
        return missing is null ? null : $"{missing}: add a migration for {typeof(TDbContext).Name}, and apply it";
    }

    /// <summary>Runs on a pooled connection.</summary>
    public async Task<T> ExecuteAsync<T>(Func<NpgsqlConnection, OutboxTable, Task<T>> action, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();

        return await context.OnConnectionAsync(connection => action(connection, TableOf(context)), ct);
    }

    /// <summary>Runs one statement that returns nothing; the number of rows that it changed.</summary>
    public Task<int> WriteAsync(Func<OutboxTable, string> statement, CancellationToken ct, params NpgsqlParameter[] parameters) =>
        ExecuteAsync(async (connection, table) =>
        {
            await using var command = Command(connection, statement(table), parameters);

            return await command.ExecuteNonQueryAsync(ct);
        }, ct);

    /// <summary>Asks for one value on the connection of a context, in this transaction if there is one.</summary>
    public Task<T> AskAsync<T>(
        DbContext context, DbTransaction? transaction, string sql, bool sync, CancellationToken ct, params NpgsqlParameter[] parameters) =>
        context.OnConnectionAsync(async connection =>
        {
            await using var command = Command(connection, sql, parameters);
            command.Transaction = (NpgsqlTransaction?)transaction;

            return (T)(sync ? command.ExecuteScalar() : await command.ExecuteScalarAsync(ct))!;
        }, ct, sync);

    /// <summary>Opens a connection with the application's credentials, outside its pool.</summary>
    /// <param name="purpose">What it is for, as pg_stat_activity shows it.</param>
    /// <param name="timeout">How long the opening may take, and each statement.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<(NpgsqlConnection Connection, OutboxTable Table)> OpenDedicatedConnectionAsync(
        string purpose, TimeSpan timeout, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();

        return (await DedicatedConnection.OpenAsync(context, purpose, timeout, ct), TableOf(context));
    }

    /// <summary>A command with the timeout of the outbox's statements.</summary>
    public NpgsqlCommand Command(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)settings.Value.StatementTimeout.TotalSeconds };
        command.Parameters.AddRange(parameters);

        return command;
    }
}
