using System.Buffers.Binary;
using System.Text;

namespace Games.Tests.Telemetry;

/// <summary>A message of Protocol Buffers as it lies on the wire: its fields by their numbers. OTLP's packages do not offer its types.</summary>
internal sealed class ProtobufMessage
{
    private readonly List<(int Field, ReadOnlyMemory<byte> Value)> _fields = [];

    public ProtobufMessage(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var tag = Varint(ref bytes);
            var value = (tag & 7) switch
            {
                0 => Fixed(Varint(ref bytes)),
                1 => Take(ref bytes, 8),
                2 => Take(ref bytes, (int)Varint(ref bytes)),
                5 => Take(ref bytes, 4),
                var type => throw new InvalidDataException($"Wire type {type}."),
            };
            _fields.Add(((int)(tag >> 3), value));
        }
    }

    public IEnumerable<ProtobufMessage> All(int field) => _fields.Where(x => x.Field == field).Select(x => new ProtobufMessage(x.Value));

    public ProtobufMessage? Message(int field) => All(field).LastOrDefault();

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field).Span);

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field).Span);

    public ulong Number(int field) => Bytes(field) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span) : 0;

    private ReadOnlyMemory<byte> Bytes(int field) => _fields.LastOrDefault(x => x.Field == field).Value;

    private static byte[] Fixed(ulong number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        return bytes;
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> bytes, int count)
    {
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> bytes)
    {
        var (value, shift) = (0UL, 0);
        while (true)
        {
            var next = Take(ref bytes, 1).Span[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
            shift += 7;
        }
    }
}
