using Games.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Bot.Delivery;

/// <summary>
/// One statement on a connection of the pool, which it has for as long as the statement takes: a pooled context must not be given back with its
/// connection open.
/// </summary>
internal sealed class ScopedCommand : IAsyncDisposable
{
    private readonly AsyncServiceScope _scope;
    private readonly DbContext _db;

    private ScopedCommand(AsyncServiceScope scope, DbContext db, NpgsqlCommand command) => (_scope, _db, Command) = (scope, db, command);

    public NpgsqlCommand Command { get; }

    public static async Task<ScopedCommand> OpenAsync(IServiceScopeFactory scopes, string sql, CancellationToken ct, params object[] parameters)
    {
        var scope = scopes.CreateAsyncScope();
        try
        {
            var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
            await db.Database.OpenConnectionAsync(ct);
            var command = new NpgsqlCommand(sql, (NpgsqlConnection)db.Database.GetDbConnection());
            foreach (var value in parameters)
                command.Parameters.Add(new() { Value = value });
            return new(scope, db, command);
        }
        catch
        {
            await scope.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Command.DisposeAsync();
        await _db.Database.CloseConnectionAsync();
        await _scope.DisposeAsync();
    }
}
