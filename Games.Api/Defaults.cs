using Microsoft.Extensions.Configuration.Memory;

namespace Games.Api;

/// <summary>
/// What holds unless a setting says otherwise. In code and not in a file, so that it holds from whatever directory the
/// process is started; the first source, so that every other one (environment, command line) wins.
/// </summary>
internal static class Defaults
{
    private const long MaxRequestBodyBytes = 64 * 1024;

    public static void AddDefaults(this WebApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                [WebHostDefaults.ServerUrlsKey] = "http://localhost:5080",
                // No table of ours has a trigger that suppresses an insert.
                ["Outbox:InsertInOneRoundTrip"] = "true",
                ["Logging:LogLevel:Default"] = "Information",
                ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
                ["Logging:LogLevel:MassTransit"] = "Warning",
                // Entity Framework logs each failure that it also throws: who handles the exception says it once.
                ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
                ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Command"] = "Critical",
                ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Connection"] = "Critical",
                ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Query"] = "Critical",
                ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Update"] = "Critical",
            },
        });
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodyBytes;
        });
    }
}
