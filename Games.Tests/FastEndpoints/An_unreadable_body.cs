using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FastEndpoints;

namespace Games.Tests.FastEndpoints;

public sealed class An_unreadable_body
{
    [Theory]
    [InlineData("", "serializerErrors", "The body is not valid JSON (line 1, byte 1).")]
    [InlineData("no json", "serializerErrors", "The body is not valid JSON (line 1, byte 2).")]
    [InlineData("""{ "title": "cut off""", "title", "The body is not valid JSON (line 1, byte 20).")]
    [InlineData("""{ "maxPlayers": "many" }""", "maxPlayers", "Either the JSON value is not in a supported format, or is out of bounds for an Int32.")]
    [InlineData("""{ "maxPlayers": 99999999999 }""", "maxPlayers", "Either the JSON value is not in a supported format, or is out of bounds for an Int32.")]
    [InlineData("""{ "maxPlayers": null }""", "maxPlayers", "Cannot get the value of a token type 'Null' as a number.")]
    [InlineData("""{ "title": 7 }""", "title", "Cannot get the value of a token type 'Number' as a string.")]
    [InlineData("""{ "title": "\ud800" }""", "title", "Cannot read incomplete UTF-16 JSON text as string with missing low surrogate.")]
    [InlineData("""{ "day": "someday" }""", "day", "The value is not valid.")]
    [InlineData("""{ "place": { "name": [] } }""", "place.name", "Cannot get the value of a token type 'StartArray' as a string.")]
    [InlineData("[]", "serializerErrors", "The value is not valid.")]
    [InlineData("7", "serializerErrors", "The value is not valid.")]
    [InlineData("""{ "scheduledAt": "2031-01-01T20:00:00" }""", "scheduledAt", "A time needs an offset, like +01:00.")]
    [InlineData("""{ "place": {} }""", "place", "Required: 'name'.")]
    public async Task Is_refused_by_the_name_of_its_field_and_a_reason(string body, string name, string reason)
    {
        await using var app = await StartAsync();

        var answer = await app.PostAsync("/unreadable", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal($"{name}: {reason}", Assert.Single(Errors.Of(answer)));
    }

    [Theory]
    [InlineData("""{ "day": "someday" }""")]
    [InlineData("""{ "place": {} }""")]
    [InlineData("""{ "place": 1 }""")]
    [InlineData("[]")]
    public async Task Gives_no_type_of_ours_away(string body)
    {
        await using var app = await StartAsync();

        var answer = await app.PostAsync("/unreadable", body);

        Assert.DoesNotContain("System.", answer.Body);
        Assert.DoesNotContain("Games.", answer.Body);
        Assert.DoesNotContain(" at ", answer.Body);
    }

    [Fact]
    public async Task Is_a_request_of_defaults_when_it_says_null()
    {
        await using var app = await StartAsync();

        var answer = await app.PostAsync("/unreadable", "null");

        Assert.Equal((HttpStatusCode.OK, "untitled"), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Is_refused_when_its_charset_is_unknown()
    {
        await using var app = await StartAsync();
        var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=klingon");

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await app.PostAsync("/unreadable", content)).Status);
    }

    [Fact]
    public async Task Is_readable_in_another_charset()
    {
        await using var app = await StartAsync();
        var content = new StringContent("""{ "title": "Größe" }""", Encoding.Unicode, new MediaTypeHeaderValue("application/json", "utf-16"));

        Assert.Equal("Größe", (await app.PostAsync("/unreadable", content)).Body);
    }

    private static Task<EndpointApp> StartAsync()
        => EndpointApp.StartAsync([typeof(UnreadableEndpoint)], config =>
        {
            config.Errors.UseProblemDetails();
            config.Serializer.Options.Converters.Add(new OffsetConverter());
            config.Serializer.Options.Converters.Add(new JsonStringEnumConverter());
        });

    internal sealed record Place
    {
        public required string Name { get; init; }
    }

    internal sealed record Body
    {
        public string Title { get; init; } = "untitled";

        public int MaxPlayers { get; init; }

        public DayOfWeek? Day { get; init; }

        public DateTimeOffset? ScheduledAt { get; init; }

        public Place? Place { get; init; }
    }

    private sealed class OffsetConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.GetString()!;
            return text.EndsWith('Z') || text.LastIndexOf('+') > 0
                ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture)
                : throw new JsonException("A time needs an offset, like +01:00.");
        }

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    [DontRegister]
    private sealed class UnreadableEndpoint : Endpoint<Body>
    {
        public override void Configure()
        {
            Post("/unreadable");
            AllowAnonymous();
        }

        public override Task HandleAsync(Body req, CancellationToken ct) => Send.StringAsync(req.Title, cancellation: ct);
    }
}
