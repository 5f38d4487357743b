using System.Text.Json;
using System.Threading.Channels;
using Games.Journal;

namespace Games.Ops.Events;

/// <summary>
/// Publishes events from standard input, one JSON object a line. The lines that are there go in one statement, up to <see cref="BatchLines"/> of
/// them or about 4 MiB: a fast writer need not wait line by line, and a slow one not until its batch is full. A batch that is refused is halved
/// until the line is found.
/// </summary>
/// <param name="events">Publishes them.</param>
/// <param name="defaults">Fills in what a line leaves out.</param>
internal sealed class EventLines(IEventPublisher events, NewEvent defaults)
{
    public const int BatchLines = 500;

    private const int BatchCharacters = 4 * 1024 * 1024;
    private const int ProgressLines = 1_000;

    private int _seen;
    private int _published;
    private int _refused;

    /// <summary>Whether all lines are published; each that is not is named on standard error.</summary>
    public async Task<bool> PublishAsync(CancellationToken ct)
    {
        var lines = Channel.CreateBounded<(int Number, string Text)>(BatchLines);
        _ = Task.Run(() => ReadAsync(lines.Writer, ct), CancellationToken.None);

        try
        {
            while (await lines.Reader.WaitToReadAsync(ct))
                await PublishBatchAsync(lines.Reader, ct);
        }
        catch (Exception stopped) when (stopped is OperationCanceledException || stopped.IsDatabaseFailure())
        {
            Console.Error.WriteLine(
                $"Stopped: of the lines up to {_seen} {_published} are published and {_refused} refused; "
                + $"from line {_seen + 1} on none is known to be.");
            throw;
        }

        if (_refused > 0)
            Console.Error.WriteLine($"{_refused} of {_seen} lines were refused; the others are published.");
        return _refused == 0;
    }

    private static async Task ReadAsync(ChannelWriter<(int Number, string Text)> lines, CancellationToken ct)
    {
        try
        {
            using var input = StandardInput.Open();
            for (var number = 1; await input.ReadLineAsync(ct) is { } text; number++)
                await lines.WriteAsync((number, text), ct);
            lines.Complete();
        }
        catch (Exception failure)
        {
            lines.Complete(failure);
        }
    }

    private async Task PublishBatchAsync(ChannelReader<(int Number, string Text)> lines, CancellationToken ct)
    {
        var batch = new List<(int Number, NewEvent Event)>();
        var (last, characters) = (_seen, 0);
        while (batch.Count < BatchLines && characters < BatchCharacters && lines.TryRead(out var line))
        {
            last = line.Number;
            characters += line.Text.Length;
            if (!string.IsNullOrWhiteSpace(line.Text) && Read(line.Number, line.Text) is { } read)
                batch.Add((line.Number, read));
        }

        await PublishAsync(batch, ct);
        if (last / ProgressLines > _seen / ProgressLines)
            Console.Error.WriteLine($"{Quantity.Of(last, "line")}, {_refused} refused");
        _seen = last;
    }

    private async Task PublishAsync(List<(int Number, NewEvent Event)> batch, CancellationToken ct)
    {
        if (batch is [])
            return;

        try
        {
            var done = await events.PublishAsync([.. batch.Select(x => x.Event)], ct);
            _published += done.Count;
            Console.Out.Write(string.Concat(done.Select(x => $"{x.Id}\n")));
        }
        catch (EventRefusedException) when (batch.Count > 1)
        {
            await PublishAsync(batch[..(batch.Count / 2)], ct);
            await PublishAsync(batch[(batch.Count / 2)..], ct);
        }
        catch (EventRefusedException refusal)
        {
            Refuse(batch[0].Number, $"not published: {refusal.Message}");
        }
    }

    private NewEvent? Read(int number, string text)
    {
        try
        {
            var line = JsonSerializer.Deserialize<Line>(text, JsonSerializerOptions.Web)
                ?? throw new JsonException("The line is null.");
            return new(
                line.EventType ?? "", line.Payload ?? JsonElement.Parse("{}"), line.Source ?? defaults.Source, line.Channel ?? defaults.Channel,
                line.CorrelationId ?? defaults.CorrelationId, line.Id);
        }
        catch (JsonException e)
        {
            Refuse(number, $"no event: {e.Message}");
            return null;
        }
    }

    private void Refuse(int number, string why)
    {
        _refused++;
        Console.Error.WriteLine($"Line {number}: {why}");
    }

    private sealed record Line(string? EventType, string? Channel, JsonElement? Payload, Guid? CorrelationId, string? Source, Guid? Id);
}
