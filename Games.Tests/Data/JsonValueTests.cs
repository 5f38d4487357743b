using System.Text.Json;
using Games.Data;

namespace Games.Tests.Data;

public sealed class JsonValueTests
{
    private static readonly JsonSerializerOptions Options = new() { Converters = { new WholeNumberConverter(), new Rfc3339TimeConverter() } };

    [Theory]
    [InlineData("7", 7)]
    [InlineData("7.0", 7)]
    [InlineData("70e-1", 7)]
    [InlineData("-7.00", -7)]
    [InlineData("2147483647.0", int.MaxValue)]
    [InlineData("-2147483648.0", int.MinValue)]
    public void A_whole_number_is_one_however_it_is_written(string json, int number) => Assert.Equal(number, Read<int>(json));

    [Theory]
    [InlineData("7.5")]
    [InlineData("\"7\"")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("2147483648.0")]
    [InlineData("-2147483649.0")]
    [InlineData("1e400")]
    public void Nothing_else_is_a_whole_number(string json) =>
        Assert.Contains("must be a whole number", Assert.Throws<JsonException>(() => Read<int>(json)).Message);

    [Fact]
    public void A_whole_number_and_a_time_are_written_as_usual() =>
        Assert.Equal(
            """[7,"2031-01-01T20:00:00+01:00"]""",
            JsonSerializer.Serialize(new object[] { 7, new DateTimeOffset(2031, 1, 1, 20, 0, 0, TimeSpan.FromHours(1)) }, Options));

    [Theory]
    [InlineData("2031-01-01T19:00:00Z")]
    [InlineData("2031-01-01T20:00:00+01:00")]
    [InlineData("2031-01-01T14:00:00-05:00")]
    [InlineData("2031-01-01T20:00:00.0000000+01:00")]
    public void A_time_has_an_offset(string text) =>
        Assert.Equal(new DateTimeOffset(2031, 1, 1, 19, 0, 0, TimeSpan.Zero), Read<DateTimeOffset>($"\"{text}\""));

    [Theory]
    [InlineData("\"2031-01-01T20:00:00\"")]
    [InlineData("\"2031-01-01T20:00:00.12345\"")]
    [InlineData("\"2031-01-01T20:00:00.1234567\"")]
    [InlineData("\"2031-01-01T20:00Z\"")]
    [InlineData("\"2031-01-01T20:00+01:00\"")]
    [InlineData("\"2031-01-01\"")]
    [InlineData("\"\"")]
    [InlineData("\"tomorrow at eight o'clock\"")]
    [InlineData("1924974000")]
    [InlineData("null")]
    public void A_time_that_another_machine_could_read_as_another_instant_is_refused(string json) =>
        Assert.Contains(
            "must be an RFC 3339 time with an offset, such as 2031-01-01T20:00:00+01:00",
            Assert.Throws<JsonException>(() => Read<DateTimeOffset>(json)).Message);

    private static T Read<T>(string json)
        where T : struct => JsonSerializer.Deserialize<T>(json, Options);
}
