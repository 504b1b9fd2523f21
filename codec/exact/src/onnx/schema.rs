//! The fields of each message, as far as the subset has them.

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Model,
    OpsetId,
    Entry,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Dimension,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// One number as a varint.
    Varint,
    /// Numbers as varints, packed or one by one.
    Varints,
    /// One 32-bit float.
    Float,
    /// 32-bit floats, packed or one by one.
    Floats,
    /// One string or byte string.
    Bytes,
    /// Several of them.
    BytesList,
    /// One message.
    One(Kind),
    /// Several messages.
    Many(Kind),
    /// Outside the subset; refused by this name.
    Refused(&'static str),
}

impl Field {
    pub(super) const fn repeats(self) -> bool {
        matches!(
            self,
            Self::Varints | Self::Floats | Self::BytesList | Self::Many(_)
        )
    }
}

impl Kind {
    /// The message's name in messages to the user.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Model => "the model",
            Self::OpsetId => "an operator set",
            Self::Entry => "a metadata entry",
            Self::Graph => "the graph",
            Self::Node => "a node",
            Self::Attribute => "an attribute",
            Self::Tensor => "a tensor",
            Self::ValueInfo => "a value's description",
            Self::Type => "a type",
            Self::TensorType => "a tensor's type",
            Self::Shape => "a shape",
            Self::Dimension => "a dimension",
        }
    }

    /// The field with that tag; `None` where the message has none.
    pub(super) const fn field(self, tag: u64) -> Option<Field> {
        use Field::{Bytes, BytesList, Float, Floats, Many, One, Refused, Varint, Varints};
        Some(match (self, tag) {
            (Self::Model, 1 | 5) => Varint,
            (Self::Model, 2..=4 | 6) => Bytes,
            (Self::Model, 7) => One(Self::Graph),
            (Self::Model, 8) => Many(Self::OpsetId),
            (Self::Model, 14) => Many(Self::Entry),
            (Self::Model, 20) => Refused("training information"),
            (Self::Model, 25) => Refused("functions"),
            (Self::Model, 26) => Refused("device configurations"),

            (Self::OpsetId, 1) => Bytes,
            (Self::OpsetId, 2) => Varint,
            (Self::Entry, 1 | 2) => Bytes,

            (Self::Graph, 1) => Many(Self::Node),
            (Self::Graph, 2 | 10) => Bytes,
            (Self::Graph, 5) => Many(Self::Tensor),
            (Self::Graph, 11..=13) => Many(Self::ValueInfo),
            (Self::Graph, 14) => Refused("quantisation annotations"),
            (Self::Graph, 15) => Refused("sparse initializers"),
            (Self::Graph, 16) => Many(Self::Entry),

            (Self::Node, 1 | 2) => BytesList,
            (Self::Node, 3 | 4 | 6 | 7) => Bytes,
            (Self::Node, 5) => Many(Self::Attribute),
            (Self::Node, 8) => Refused("function overloads"),
            (Self::Node, 9) => Many(Self::Entry),
            (Self::Node, 10) => Refused("device configurations"),

            (Self::Attribute, 1 | 4 | 13) => Bytes,
            (Self::Attribute, 2) => Float,
            (Self::Attribute, 3 | 20) => Varint,
            (Self::Attribute, 5) => One(Self::Tensor),
            (Self::Attribute, 6 | 11) => Refused("subgraphs"),
            (Self::Attribute, 7) => Floats,
            (Self::Attribute, 8) => Varints,
            (Self::Attribute, 9) => BytesList,
            (Self::Attribute, 10) => Refused("lists of tensors"),
            (Self::Attribute, 14 | 15) => Refused("types as attributes"),
            (Self::Attribute, 21) => Refused("references to attributes of functions"),
            (Self::Attribute, 22 | 23) => Refused("sparse tensors"),

            (Self::Tensor, 1 | 5 | 7) => Varints,
            (Self::Tensor, 2 | 14) => Varint,
            (Self::Tensor, 3) => Refused("tensors in segments"),
            (Self::Tensor, 4) => Floats,
            (Self::Tensor, 6) => Refused("tensors of strings"),
            (Self::Tensor, 8 | 9 | 12) => Bytes,
            (Self::Tensor, 10) => Refused("tensors of doubles"),
            (Self::Tensor, 11) => Refused("tensors of unsigned 64-bit integers"),
            (Self::Tensor, 13) => Refused("external data"),
            (Self::Tensor, 16) => Many(Self::Entry),

            (Self::ValueInfo, 1 | 3) => Bytes,
            (Self::ValueInfo, 2) => One(Self::Type),
            (Self::ValueInfo, 4) => Many(Self::Entry),
            (Self::Type, 1) => One(Self::TensorType),
            (Self::Type, 4 | 5 | 7..=9) => Refused("values that are not tensors"),
            (Self::Type, 6) => Bytes,
            (Self::TensorType, 1) => Varint,
            (Self::TensorType, 2) => One(Self::Shape),
            (Self::Shape, 1) => Many(Self::Dimension),
            (Self::Dimension, 1) => Varint,
            (Self::Dimension, 2 | 3) => Bytes,
            _ => return None,
        })
    }
}
