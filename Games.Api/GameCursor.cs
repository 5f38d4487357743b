using System.Buffers.Binary;
using System.Buffers.Text;
using Games.Data;

namespace Games.Api;

/// <summary>Where a list of games stands: the start of the last and its id. Ids are uuid v7, so their order is that of creation.</summary>
internal readonly record struct GameCursor(DateTimeOffset At, Guid Id)
{
    private const int Bytes = 8 + 16;

    private static readonly long MaxTicks = DateTimeOffset.MaxValue.UtcTicks;

    public static string After(Game last) => new GameCursor(last.ScheduledAt, last.Id).ToString();

    public static bool TryRead(string cursor, out GameCursor last)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        last = default;
        if (!Paging.TryReadCursor(cursor, bytes) || BinaryPrimitives.ReadInt64BigEndian(bytes) is var ticks && (ticks < 0 || ticks > MaxTicks))
            return false;

        last = new(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[8..], bigEndian: true));
        return true;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, At.UtcTicks);
        Id.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }
}
