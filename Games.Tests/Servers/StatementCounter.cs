using System.Buffers.Binary;
using System.Text;

namespace Games.Tests.Servers;

/// <summary>Counts the statements in what clients send to PostgreSQL: whatever a program says of itself, these went over the line.</summary>
internal sealed class StatementCounter
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>What reads one connection's bytes, in their order.</summary>
    public Action<ReadOnlyMemory<byte>> Connection()
    {
        var unread = new List<byte>();
        // The first message, the startup, has a length and no type.
        var typeLength = 0;

        return bytes =>
        {
            unread.AddRange(bytes.Span);
            while (unread.Count >= typeLength + 4)
            {
                var length = typeLength + BinaryPrimitives.ReadInt32BigEndian([.. unread[typeLength..(typeLength + 4)]]);
                if (unread.Count < length)
                    return;

                if (typeLength > 0)
                    Add((char)unread[0], [.. unread[(typeLength + 4)..length]]);
                unread.RemoveRange(0, length);
                typeLength = 1;
            }
        };
    }

    private void Add(char type, byte[] body)
    {
        // Execute runs one statement; a simple query may hold several.
        var statements = type switch
        {
            'E' => 1,
            'Q' => Encoding.UTF8.GetString(body).TrimEnd('\0')
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Length,
            _ => 0
        };
        Interlocked.Add(ref _count, statements);
    }
}
