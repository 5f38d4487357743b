using Games.Tests.Api;
using Games.Tests.Servers;

namespace Games.Tests.Journal;

/// <summary>An API that dispatches. Whoever must not find an event by looking, looks every hour.</summary>
internal static class JournalApi
{
    public static readonly (string, string)[] Hourly = [("Journal:KeepAliveInterval", "01:00:00"), ("Journal:PollInterval", "01:00:00")];

    /// <summary>Ready, and with a listener that looks every hour unless a setting says otherwise.</summary>
    public static async Task<ApiHost> StartAsync(string database, string broker, params (string Key, string Value)[] settings)
    {
        var api = new ApiHost(database, broker, settings: [.. Hourly, .. settings]);
        using var client = api.CreateClient();
        await client.ReadyAsync();
        return api;
    }
}
