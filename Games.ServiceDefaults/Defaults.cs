using Games.Outbox.Outages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Games.ServiceDefaults;

/// <summary>What holds in both services unless a setting says otherwise.</summary>
public static class Defaults
{
    private static readonly Dictionary<string, string?> Shared = new()
    {
        // No table of ours has a trigger that suppresses an insert.
        ["Outbox:InsertInOneRoundTrip"] = "true",
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        // It logs addresses with their queries, and in one of them is the secret of a calendar: not to come along when the line above is changed.
        ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "Warning",
        // What is answered 401 is a line of ours (Problems).
        ["Logging:LogLevel:Games.ServiceDefaults.Access.ApiKeyHandler"] = "Warning",
        // Its warnings are each attempt to connect and each retry, with their stacks, and what it says of a message that fails is more of them: an
        // outage of the broker (BrokerOutage), and a message that is given up (FaultLog), are a line each.
        ["Logging:LogLevel:MassTransit"] = "Error",
        ["Logging:LogLevel:MassTransit.ReceiveTransport"] = "Critical",
        ["Logging:LogLevel:MassTransit.SendTransport"] = "Critical",
        ["Logging:LogLevel:MassTransit.Messages"] = "Critical",
        // Each probe would log each check that is red: whoever probes reads the answer.
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
        // EF Core logs each failure that it also throws: whoever handles the exception logs it once.
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Command"] = "Critical",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Connection"] = "Critical",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Transaction"] = "Critical",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Query"] = "Critical",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Update"] = "Critical",
    };

    /// <summary>
    /// Adds the defaults in code and not in a file, so that they hold from whatever directory the process is started. They are the first
    /// source of the configuration, so that every other one (environment, command line) wins.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="urls">Where it listens.</param>
    /// <param name="own">Further keys and values of this service alone.</param>
    public static void AddServiceDefaults(this WebApplicationBuilder builder, string urls, params (string Key, string Value)[] own)
    {
        var defaults = new Dictionary<string, string?>(Shared) { [WebHostDefaults.ServerUrlsKey] = urls };
        foreach (var (key, value) in own)
            defaults[key] = value;

        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = defaults });
        builder.Logging.ClearProviders();
        // For whatever collects the lines of containers; a person reads the other.
        if (builder.Configuration["Logging:Console:FormatterName"] is ConsoleFormatterNames.Json)
            builder.Logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat, console.IncludeScopes) = (true, "O", true));
        else
            builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<DatabaseOutage>();
        builder.Services.AddReadyReport();
        builder.Services.AddDraining();
        builder.AddTelemetry();
    }
}
