using System.Buffers.Text;
using Games.Api;
using Games.Data;

namespace Games.Tests.Api;

public sealed class GameCursorTests
{
    private static readonly Guid Id = Guid.Parse("019aa000-0000-7000-8000-000000000001");

    public static TheoryData<DateTimeOffset> Times => new()
    {
        new DateTimeOffset(2131, 1, 1, 19, 0, 0, default),
        new DateTimeOffset(2031, 1, 1, 20, 0, 0, TimeSpan.FromHours(9)),
        DateTimeOffset.MinValue,
        DateTimeOffset.MaxValue,
    };

    [Theory]
    [MemberData(nameof(Times))]
    public void What_is_written_is_read(DateTimeOffset at)
    {
        Assert.True(GameCursor.TryRead(new GameCursor(at, Id).ToString(), out var read));
        Assert.Equal((at, Id, TimeSpan.Zero), (read.At, read.Id, read.At.Offset));
    }

    [Fact]
    public void A_time_that_cannot_be_is_no_cursor()
    {
        static string Of(params byte[] time) => Base64Url.EncodeToString([.. time, .. Id.ToByteArray()]);

        Assert.True(GameCursor.TryRead(Of(0, 0, 0, 0, 0, 0, 0, 0), out _));
        Assert.False(GameCursor.TryRead(Of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), out _));
        Assert.False(GameCursor.TryRead(Of(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), out _));
        Assert.False(GameCursor.TryRead(Of(0, 0, 0, 0, 0, 0, 0), out _));
        Assert.False(GameCursor.TryRead(Of(0, 0, 0, 0, 0, 0, 0, 0, 0), out _));
        Assert.False(GameCursor.TryRead("", out _));
    }

    [Theory]
    [InlineData("2031-01-01T20:00:00+01:00", "2031-01-01T19:00:00Z")]
    [InlineData("2031-01-01T20:00:00 01:00", "2031-01-01T19:00:00Z")]
    [InlineData("2031-01-01T20:00:00-01:00", "2031-01-01T21:00:00Z")]
    [InlineData("2031-01-01T20:00:00Z", "2031-01-01T20:00:00Z")]
    [InlineData("2031-01-01T20:00:00.1234567Z", "2031-01-01T20:00:00.1234567Z")]
    public void A_time_of_a_query_is_read(string text, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected), Rfc3339TimeConverter.Find(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2031-01-01")]
    [InlineData("2031-01-01T20:00:00")]
    [InlineData("2031-01-01T20:00Z")]
    [InlineData("2031-01-01 20:00:00Z")]
    [InlineData("2031-01-01T20:00:00+0100")]
    [InlineData("2031-02-30T20:00:00Z")]
    [InlineData("2031-01-01T24:00:01Z")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-31T23:59:59-14:00")]
    // What the parser of .NET takes as well: the second may be the second of January or the first of February.
    [InlineData("2031/01/01T20:00:00Z")]
    [InlineData("01/02/2031T20:00:00Z")]
    [InlineData("2031-01-01T08:00:00PM+01:00")]
    [InlineData("2031-01-01T20:00:00Z\0")]
    [InlineData("\"2031-01-01T20:00:00Z\"")]
    [InlineData("2031-01-01T20:00:00 \"Z")]
    public void Anything_else_is_no_time(string? text) => Assert.Null(Rfc3339TimeConverter.Find(text));
}
