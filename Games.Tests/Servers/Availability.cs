using Games.AppHost.Servers;

namespace Games.Tests.Servers;

/// <summary>What a test gets from a server, or why it cannot have it: then it is skipped on a person's machine, and fails in CI.</summary>
internal sealed class Availability
{
    private readonly string? _connectionString;
    private readonly ServerMissingException? _reason;

    private Availability(string? connectionString, ServerMissingException? reason)
    {
        _connectionString = connectionString;
        _reason = reason;
    }

    /// <summary>Read in a test or a test class's constructor, never in a fixture: a fixture cannot skip.</summary>
    public string ConnectionString
    {
        get
        {
            if (_connectionString is not null)
                return _connectionString;
            if (Environment.GetEnvironmentVariable("CI") == "true")
                throw _reason!;

            Assert.Skip(_reason!.Message);
            throw _reason;
        }
    }

    public static async Task<Availability> OfAsync(Task<string> server)
    {
        try
        {
            return new Availability(await server, reason: null);
        }
        catch (ServerMissingException unavailable)
        {
            return new Availability(connectionString: null, unavailable);
        }
    }

    public Task IfHadAsync(Func<string, Task> then) => _connectionString is null ? Task.CompletedTask : then(_connectionString);
}
