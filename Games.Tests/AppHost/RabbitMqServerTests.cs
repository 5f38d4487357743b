using System.Text;
using Games.AppHost.Servers;
using Games.Tests.Servers;
using RabbitMQ.Client;

namespace Games.Tests.AppHost;

public sealed class RabbitMqServerTests(TestServers servers)
{
    [Fact]
    public async Task A_kill_loses_no_confirmed_message_and_a_restart_keeps_the_port()
    {
        var ct = TestContext.Current.CancellationToken;
        var directory = servers.DirectoryOf("killed-rabbitmq");
        await using var server = new RabbitMqServer(directory);
        await server.StartAsync(ct);
        await OnChannelAsync(
            server, channel => channel.QueueDeclareAsync("notes", durable: true, exclusive: false, autoDelete: false, cancellationToken: ct));
        // A confirm says that the message is on the disk. That of its queue is written up to 2 s after the answer.
        await Until.TrueAsync(() => IsInLog(directory, "notes"u8), "the queue is on the disk");
        await OnChannelAsync(server, async channel =>
        {
            await channel.BasicPublishAsync("", "notes", mandatory: true, new BasicProperties { Persistent = true }, "kept"u8.ToArray(), ct);
            return true;
        });
        var killed = Processes.DescendantsOf(Environment.ProcessId).Single(process => process.Id == server.ProcessId);

        await server.RestartAsync(kill: true, ct);

        Assert.True(Processes.IsGone(killed));
        var message = await OnChannelAsync(server, channel => channel.BasicGetAsync("notes", autoAck: true, ct));
        Assert.Equal("kept", Encoding.UTF8.GetString(message!.Body.Span));
    }

    [Fact]
    public async Task It_knows_the_space_on_its_disk_at_any_path()
    {
        var ct = TestContext.Current.CancellationToken;
        var directory = Directory.CreateDirectory(Path.Combine(servers.DirectoryOf("rabbitmq"), "in ä folder"));
        await using var server = new RabbitMqServer(directory.FullName);
        await server.StartAsync(ct);
        await server.RestartAsync(ct: ct);

        var log = await File.ReadAllLinesAsync(Path.Combine(directory.FullName, "log", "rabbitmq.log"), ct);
        Assert.Contains(log, line => line.Contains("Disk free limit set to"));
        Assert.DoesNotContain(log, line => line.Contains("monitor encountered an error"));
    }

    /// <summary>In the log of Mnesia, where RabbitMQ keeps what is declared.</summary>
    private static bool IsInLog(string directory, ReadOnlySpan<byte> name)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(directory, "mnesia"), "*", SearchOption.AllDirectories))
        {
            if (Path.GetExtension(file) is ".LOG" or ".DCD" or ".DCL" && File.ReadAllBytes(file).AsSpan().IndexOf(name) >= 0)
                return true;
        }

        return false;
    }

    private static async Task<T> OnChannelAsync<T>(RabbitMqServer server, Func<IChannel, Task<T>> work)
    {
        var factory = new ConnectionFactory { Uri = new Uri(server.ConnectionString) };
        await using var connection = await factory.CreateConnectionAsync();
        var confirms = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirms);
        return await work(channel);
    }
}
