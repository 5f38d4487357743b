using System.Collections.Frozen;
using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Games.Data;

/// <summary>
/// Three pools of connections, so that requests which wait for a slow query cost the relay no lease and the dispatcher no event: one for requests
/// and consumed messages, one for the journal's dispatcher, and one for the relay and all else. Whoever enters one has its connections opened
/// there, from then on and in all that it calls.
/// </summary>
public static class DatabasePool
{
    /// <summary>Connections at most for requests and messages, unless the connection string says another number.</summary>
    internal const int RequestsSize = 32;

    private const int DispatcherSize = 4;
    private const int SharedSize = 8;

    private static readonly AsyncLocal<Pool> Current = new();

    private enum Pool { Shared, Requests, Dispatcher }

    public static void EnterRequests() => Current.Value = Pool.Requests;

    public static void EnterDispatcher() => Current.Value = Pool.Dispatcher;

    /// <summary>The connection string of whoever has entered no pool.</summary>
    internal static string Shared(NpgsqlConnectionStringBuilder settings) => OfSize(settings, SharedSize);

    // A pool is known by its connection string.
    private static string OfSize(NpgsqlConnectionStringBuilder settings, int size) =>
        new NpgsqlConnectionStringBuilder(settings.ConnectionString) { MaxPoolSize = size, MinPoolSize = Math.Min(settings.MinPoolSize, size) }
            .ConnectionString;

    /// <summary>Puts each connection into the pool of whoever opens it; a context that comes again may be another's.</summary>
    internal sealed class Chooser : DbConnectionInterceptor
    {
        private readonly string _shared;
        private readonly string _requests;
        private readonly string _dispatcher;
        private readonly FrozenSet<string> _known;

        public Chooser(NpgsqlConnectionStringBuilder settings)
        {
            (_shared, _requests, _dispatcher) = (Shared(settings), settings.ConnectionString, OfSize(settings, DispatcherSize));
            string[] pools = [_shared, _requests, _dispatcher];
            _known = pools.Concat(pools.Select(OnceOpened)).ToFrozenSet();
        }

        /// <summary>What a connection shows that was opened before: no password, not which of several hosts it asks for, the port apart.</summary>
        private static string OnceOpened(string pool)
        {
            using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(pool) { TargetSessionAttributes = null });
            return source.ConnectionString;
        }

        public override InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
        {
            // Not one by which EF Core looks whether the database exists: that is to another, or to none of the pools.
            if (_known.Contains(connection.ConnectionString))
                connection.ConnectionString = Current.Value switch { Pool.Requests => _requests, Pool.Dispatcher => _dispatcher, _ => _shared };
            return result;
        }

        public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(ConnectionOpening(connection, eventData, result));
    }
}
