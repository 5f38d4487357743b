// Compiled with OfficialPackages=true only: what both services lack without our own outbox (docs/adr/0003-versions.md).

// They are called as the members of an instance that they stand for.
#pragma warning disable CA1822

using MassTransit;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Games.Journal
{
    public static class WithoutJournal
    {
        /// <summary>Nobody publishes or dispatches events of the journal, and nothing is recorded in it.</summary>
        public static void AddJournal(this IHostApplicationBuilder builder, params string[] backlogTags)
        {
        }
    }
}

namespace Games.Outbox.Outages
{
    /// <summary>An outage of the database is not one line: each who meets it logs it.</summary>
    public sealed class DatabaseOutage
    {
        public bool Met(Exception failure, object? loop = null)
        {
            if (failure.GetBaseException() is PostgresException { IsTransient: false })
                NpgsqlConnection.ClearAllPools();
            return false;
        }

        public void Works(object loop)
        {
        }
    }

    /// <summary>An outage of the broker is told by MassTransit alone.</summary>
    public sealed class BrokerOutage : IReceiveEndpointObserver
    {
        public void Met(Exception failure)
        {
        }

        public Task Ready(ReceiveEndpointReady ready) => Task.CompletedTask;

        public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

        public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

        public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;
    }

    public static class FailureText
    {
        public static string InWords(this Exception failure) => failure.GetBaseException().Message;
    }
}

namespace Games.ServiceDefaults
{
    internal static class WithoutOrder
    {
        /// <summary>Between transactions there is no order.</summary>
        public static void OrderBy<T>(this IEntityFrameworkOutboxConfigurator outbox, Func<T, string?> key, bool begins = false)
        {
        }

        /// <summary>There is no IMessageScheduler: nobody is reminded, and no game starts or ends by itself.</summary>
        public static void AddMessageScheduler(this IEntityFrameworkOutboxConfigurator outbox)
        {
        }
    }
}
