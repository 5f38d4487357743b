using Games.AppHost.Servers;

namespace Games.Tests.Servers;

/// <summary>What a test gets from a server, or why it cannot have it: then it is skipped on a person's machine, and fails in CI.</summary>
internal sealed class Availability
{
    private readonly string? connectionString;
    private readonly ServerMissingException? reason;

    private Availability(string? connectionString, ServerMissingException? reason)
    {
        this.connectionString = connectionString;
        this.reason = reason;
    }

    /// <summary>Read in a test or a test class's constructor, never in a fixture: a fixture cannot skip.</summary>
    public string ConnectionString
    {
        get
        {
            if (connectionString is not null)
                return connectionString;
            if (Environment.GetEnvironmentVariable("CI") == "true")
                throw reason!;

            Assert.Skip(reason!.Message);
            throw reason;
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

    public Task IfHadAsync(Func<string, Task> then) => connectionString is null ? Task.CompletedTask : then(connectionString);
}
