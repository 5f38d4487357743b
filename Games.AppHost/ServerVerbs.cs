using System.CommandLine;
using Games.AppHost.Servers;
using Verb = System.CommandLine.Command;

namespace Games.AppHost;

/// <summary>Stops and starts a server of a running ./run, from another shell.</summary>
internal static class ServerVerbs
{
    public const string Broker = "broker";
    public const string Database = "database";
    public const string Stop = "stop";
    public const string Start = "start";

    public static Verb Create(string name, string server, Option<string> data) =>
        new(name, $"Stops or starts the {server} of a running ./run.")
        {
            Create(name, Stop, $"Stops {server}, until it is started.", data),
            Create(name, Start, $"Starts {server} again, on its data.", data),
        };

    private static Verb Create(string name, string verb, string description, Option<string> data)
    {
        var command = new Verb(verb, description);
        command.SetAction(async (options, ct) =>
        {
            try
            {
                var socket = LocalRun.ControlPathIn(options.GetRequiredValue(data));
                await Console.Out.WriteLineAsync(await ControlSocket.AskAsync(socket, $"{verb} {name}", ct));
                return 0;
            }
            catch (ServerUnavailableException reason)
            {
                await Console.Error.WriteLineAsync(reason.Message);
                return 1;
            }
        });
        return command;
    }
}
