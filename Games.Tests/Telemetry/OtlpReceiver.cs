using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Telemetry;

/// <summary>Where services send their telemetry: it speaks OTLP over HTTP, and keeps what comes.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Span> _spans = new();
    private readonly ConcurrentQueue<Instrument> _instruments = new();
    private readonly ConcurrentQueue<LogLine> _logs = new();
    private readonly ConcurrentQueue<string> _bodies = new();

    private OtlpReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapPost("/v1/{signal}", ReceiveAsync);
    }

    /// <param name="Service">Whose it is.</param>
    /// <param name="Source">Of the package that has made it.</param>
    internal sealed record Span(
        string Service, string Source, string Trace, string Id, string Parent, string Name, IReadOnlyDictionary<string, string> Attributes)
    {
        public override string ToString() => $"{Service}: {Source}: {Name}";
    }

    internal sealed record Instrument(string Service, string Meter, string Name);

    internal sealed record LogLine(string Service, string Text, string Trace, IReadOnlyDictionary<string, string> Attributes);

    public string Address => _app.Urls.Single();

    public Span[] Spans => [.. _spans];

    public Instrument[] Instruments => [.. _instruments];

    public LogLine[] Logs => [.. _logs];

    /// <summary>What has come as text, to look for what must not be in it.</summary>
    public bool HasHeardOf(string text) => _bodies.Any(body => body.Contains(text, StringComparison.Ordinal));

    /// <summary>For the environment of a service that sends here, and without the waits that are there for the network.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ReceiveAsync(string signal, HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        _bodies.Enqueue(Encoding.Latin1.GetString(body.ToArray()));
        foreach (var ofResource in new ProtobufMessage(body.ToArray()).All(1))
        {
            var service = AttributesOf(ofResource.Message(1)!, 1)["service.name"];
            foreach (var ofScope in ofResource.All(2))
                Keep(signal, service, ofScope.Message(1)?.Text(1) ?? "", ofScope.All(2));
        }

        return Results.Bytes([], "application/x-protobuf");
    }

    private void Keep(string signal, string service, string scope, IEnumerable<ProtobufMessage> all)
    {
        foreach (var one in all)
        {
            if (signal == "traces")
                _spans.Enqueue(new(service, scope, one.Hex(1), one.Hex(2), one.Hex(4), one.Text(5), AttributesOf(one, 9)));
            else if (signal == "metrics")
                _instruments.Enqueue(new(service, scope, one.Text(1)));
            else
                _logs.Enqueue(new(service, one.Message(5)?.Text(1) ?? "", one.Hex(9), AttributesOf(one, 6)));
        }
    }

    private static Dictionary<string, string> AttributesOf(ProtobufMessage message, int field) => message.All(field)
        .GroupBy(pair => pair.Text(1), pair => pair.Message(2)?.Text(1) ?? "").ToDictionary(pair => pair.Key, pair => pair.First());
}
